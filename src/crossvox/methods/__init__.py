"""Synthesis methods: one file each, named as the method; `Config` its settings, `Method` itself."""
