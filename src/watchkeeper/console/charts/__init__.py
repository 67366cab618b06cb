"""Pictures as SVG text, made on the server. Pure: values in, escaped markup out; colours come from the style sheet."""
