"""Where documents come from beside the local folder: object stores, Git repositories and web sites."""
