"""What headquarters does with playbooks before and after they are live."""
