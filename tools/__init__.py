"""What makers of Ordito run by hand: pages that are generated, pictures for the docs."""
