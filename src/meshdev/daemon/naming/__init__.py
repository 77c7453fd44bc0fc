"""Names for processes: hard-coded ``http://catalogue:8080`` passes an edge (`names = "hosts"`, `names = "pod"`)."""
