"""UBL 2.1 documents: read into our order and change documents, and answered with an OrderResponse (CAP1, CAP12)."""
