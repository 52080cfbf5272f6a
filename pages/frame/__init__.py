"""What all pages share: the selection, cached answers, widgets."""
