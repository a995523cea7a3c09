"""The starter packs: `core/en` is `en.yaml`."""
