"""What is read out of the text of SQL statements, whichever database gets them."""
