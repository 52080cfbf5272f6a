"""What leaves the tool: figures, exports, stories and their decks."""
