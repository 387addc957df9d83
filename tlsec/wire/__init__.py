"""Sans-I/O protocol code: bytes in, records out. Opens nothing, reads no clock, raises only WireError."""
