"""One recipe: model, generation and text in both formats."""
