"""Pure values and rules that every layer may use; no network, no database, no protobuf."""
