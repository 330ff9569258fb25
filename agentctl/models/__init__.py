"""Model providers behind one port: a script, any server of the OpenAI protocol, or whatever litellm reaches."""
