"""What goes out to Discord, and when it is time to look: alarm clock, dispatcher and the adapters."""
