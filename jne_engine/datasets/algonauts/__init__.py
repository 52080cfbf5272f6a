"""The Algonauts 2023 challenge."""
