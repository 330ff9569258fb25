"""The only printer, and the forms it prints: lines, tables, trees, columns, JSON."""
