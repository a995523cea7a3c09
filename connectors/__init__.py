"""One platform, one file (or one small folder); found through the entry points `outcare.connectors`."""
