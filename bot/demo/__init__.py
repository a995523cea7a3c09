"""The demo brand: loopback platforms that play a written day, and the staff's chat as a phone."""
