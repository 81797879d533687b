"""Pictures turned upright and laid on white, by Pillow: all of them in the worker, large ones in a client."""

from PIL import Image

# What makes a picture of that EXIF orientation upright; 5 to 8 exchange width and height.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """The picture of an EXIF orientation, 1 to 8, as it is to be seen."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def on_white(image: Image.Image) -> Image.Image:
    """The picture in RGB, where it is transparent white."""
    if image.mode in ("LA", "RGBA"):
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return image if image.mode == "RGB" else image.convert("RGB")
