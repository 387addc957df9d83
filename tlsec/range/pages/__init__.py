"""Page templates of the city (Jinja2, autoescaped). A package only so that they are shipped."""
