"""Paper and pictures: plain data in, a PDF or a PNG out. It knows no database, no Discord and no Danish."""
