"""`cogdoc mcp`: the documents of some folders for programs that speak the Model Context Protocol, over stdio."""
