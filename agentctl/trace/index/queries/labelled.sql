coalesce((SELECT arg_max(label, seq) FROM labels WHERE labels.run = runs.run), 'none') = $label
