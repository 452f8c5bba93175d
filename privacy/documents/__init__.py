"""The documents people rely on: generated from declarations and settings, versioned, announced, archived."""
