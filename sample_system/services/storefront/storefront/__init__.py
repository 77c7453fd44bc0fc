"""The storefront: the shop's pages. It owns no data; its neighbours deliver what it shows, troubles included."""
