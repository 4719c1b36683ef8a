"""The command ``moovitamix``: every command of the project by one name. It knows their modules by name alone."""
