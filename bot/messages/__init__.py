"""What the bot says, as plain data: builders give a Message, and know nothing of Discord or the database."""
