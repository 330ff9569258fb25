// The refund agent as a provider of promptfoo, which has no loop of its own: as many calls as the model asks for. Its spans
// go to promptfoo's own receiver in one request a case, which is less than an OpenTelemetry SDK would do.
const TOOLS = {
  read_ticket: ({ ticket_id }) => ({ ticket_id, charge_id: "ch_1001", text: "charged twice" }),
  lookup_charge: ({ charge_id }) => ({ charge_id, amount: 4200, amount_refunded: 0, currency: "usd" }),
  create_refund: ({ charge_id, amount, currency }) => ({ refund_id: "re_1001", charge_id, amount, currency }),
};

const post = (url, body) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
const hex = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const text = (key, value) => ({ key, value: { stringValue: value } });

class Trace {
  constructor(traceparent) {
    [, this.trace, this.parent] = traceparent.split("-");
    this.spans = [];
  }

  async span(name, attributes, work) {
    const begin = Date.now();
    const result = await work();
    this.spans.push({
      traceId: this.trace,
      spanId: hex(8),
      parentSpanId: this.parent,
      name,
      kind: 1,
      startTimeUnixNano: `${begin}000000`,
      endTimeUnixNano: `${Date.now()}000000`,
      attributes: [...attributes, text("output", JSON.stringify(result))],
    });
    return result;
  }

  async send(receiver) {
    const scopeSpans = [{ scope: { name: "refund-agent" }, spans: this.spans }];
    const response = await post(receiver, { resourceSpans: [{ resource: { attributes: [] }, scopeSpans }] });
    if (!response.ok) throw new Error(`the receiver of spans answered ${response.status}`);
  }
}

export default class RefundAgent {
  constructor(options) {
    this.config = options.config;
  }

  id() {
    return "refund-agent";
  }

  async callApi(prompt, context) {
    const { url, system, tools, receiver } = this.config;
    const trace = new Trace(context.traceparent);
    const messages = [{ role: "system", content: system }, { role: "user", content: prompt }];
    for (;;) {
      const answer = await trace.span("chat stub-1", [text("gen_ai.operation.name", "chat")], async () =>
        (await post(`${url}/chat/completions`, { model: "stub-1", messages, tools })).json(),
      );
      const message = answer.choices[0].message;
      if (!message.tool_calls) {
        await trace.send(receiver);
        return { output: message.content };
      }
      messages.push(message);
      for (const { id, function: asked } of message.tool_calls) {
        const attributes = [text("gen_ai.tool.name", asked.name), text("tool.arguments", asked.arguments)];
        const content = await trace.span(`execute_tool ${asked.name}`, attributes, async () =>
          JSON.stringify(TOOLS[asked.name](JSON.parse(asked.arguments))),
        );
        messages.push({ role: "tool", tool_call_id: id, content });
      }
    }
  }
}
