"""What can be measured in a text: its language, and whether it complains, asks or merely thanks."""
