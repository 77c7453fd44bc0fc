"""What the shop's services truly share: how they log, trace, serve, call, store and exchange events.

Nothing about products, carts or money lives here. A service may be taken out of the repository with this one
folder; no service imports another.
"""
