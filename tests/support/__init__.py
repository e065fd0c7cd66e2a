"""What several tests need: loopback servers and small archives, all real."""
