"""What any vision-language model does as a reader of pages. `model` is the seam to the model, `engine` the way in."""
