"""What two versions of an agent differ in, by what they do."""
