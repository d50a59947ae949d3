"""How well maps tell the pixels of defects from all others: the definitions of src/anomaly/metrics/pixel-metrics.ts, in NumPy.

That counts values which agree in 12 bits of mantissa as equal, to need no more memory for more images; here all values stay as
they are, and may be negative.
"""

import numpy as np

#: The false-positive rate up to which the overlap of regions counts.
AUPRO_FPR = 0.3


def mask_on_map(mask, size):
    """A mask of any size as it lies on a map of `size` × `size`: a pixel is inside if at least half of its area is."""
    height, width = mask.shape
    # In whole numbers, which float64 keeps, so that a half is a half.
    areas = shares(height, size) @ (mask != 0).astype(np.float64) @ shares(width, size).T
    return 2 * areas >= height * width


def shares(length, out_length):
    """[out_length, length]: how much of each pixel of the source a pixel covers, in units that sum to `length` in a row."""
    out, source = np.arange(out_length)[:, None], np.arange(length)[None, :]
    ends = np.minimum((out + 1) * length, (source + 1) * out_length)
    return np.maximum(0, ends - np.maximum(out * length, source * out_length)).astype(np.float64)


def overlap_weights(mask):
    """@returns what each pixel weighs in the mean overlap of regions, 1 / the area of its region, and how many regions there
    are. Pixels that touch along a side or at a corner are of one region."""
    weights = np.zeros(mask.shape)
    waiting = set(zip(*(places.tolist() for places in np.nonzero(mask))))
    regions = 0
    while waiting:
        region = [waiting.pop()]
        for row, column in region:
            for y in (row - 1, row, row + 1):
                for x in (column - 1, column, column + 1):
                    if (y, x) in waiting:
                        waiting.remove((y, x))
                        region.append((y, x))
        weights[tuple(zip(*region))] = 1 / len(region)
        regions += 1
    return weights, regions


def falling(values, *counts):
    """Sums of each count over equal values, from the largest value down."""
    order = np.argsort(-values, kind="stable")
    values = values[order]
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    return [np.add.reduceat(count[order].astype(np.float64), starts) for count in counts]


def auroc(values, abnormal):
    """The probability that an abnormal value lies above a normal one, ties counting half."""
    right, wrong = falling(values, abnormal, ~abnormal)
    before = np.cumsum(right) - right
    return float(np.sum(wrong * (before + right / 2)) / (right.sum() * wrong.sum()))


def pixel_figures(maps, masks):
    """@returns AUROC of all pixels, AUPRO (area under the mean overlap of regions up to AUPRO_FPR, over it) and the number of
    regions; None when no pixel is inside a region, or all are"""
    weighed = [overlap_weights(mask) for mask in masks]
    regions = sum(count for _, count in weighed)
    values = np.concatenate([values.ravel() for values in maps])
    weights = np.concatenate([weights.ravel() for weights, _ in weighed])
    inside = weights > 0
    if inside.all() or not inside.any():
        return None
    outside, overlap = falling(values, ~inside, weights)
    steps = outside / outside.sum()
    rates = np.cumsum(steps) - steps
    before = np.cumsum(overlap) - overlap
    # The curve is straight from one threshold to the next, also where it is cut.
    taken = np.clip((AUPRO_FPR - rates) / np.where(steps > 0, steps, 1), 0, 1)
    area = np.sum(taken * steps * (before + taken * overlap / 2)) / regions
    return {"auroc": auroc(values, inside), "aupro": float(area / AUPRO_FPR), "regions": regions}
