"""What speaks the languages of other tools: each file one of them."""
