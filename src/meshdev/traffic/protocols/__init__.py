"""What passes an edge that is no HTTP/1: scanners of other protocols, one file each, sans-IO."""
