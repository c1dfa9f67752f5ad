"""What each shipped playbook is for, as tests of its mechanics: whole lives, from its YAML alone."""
