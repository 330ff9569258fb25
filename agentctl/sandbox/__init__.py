"""The local back office: a real HTTP server that speaks the parts of Zendesk and Stripe a refund agent uses.

It runs in a process of its own, is reached only by HTTP, and believes nobody without a token for that very operation.
"""
