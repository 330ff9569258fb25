"""What people beside a run do: answer, grant, raise, label, revoke."""
