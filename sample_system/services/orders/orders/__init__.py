"""Orders: an event-sourced record of every order, and the saga that takes it from the cart to the parcel."""
