"""Raw bytes of an exchange made into an `Exchange`: heads, bodies without framing and coding, messages.

What comes in has been read by the mesh's scanners already, so it is HTTP/1 in order; it may end anywhere.
"""
