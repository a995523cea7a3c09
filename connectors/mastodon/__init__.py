"""Every server that speaks the Mastodon API: Mastodon, GoToSocial, Pleroma, Akkoma and others."""
