"""Writes pixel-figures.json beside it: what scikit-learn and scikit-image make of small heat maps and masks.

Run with Python 3, scikit-learn and scikit-image (the committed figures: 1.2.1 and 0.19.3). The per-region overlap has no function there: it is
the mean, over regions, of the area under scikit-learn's ROC curve of that region against everything outside all regions.
"""
import json
import os

import numpy as np
from skimage.measure import label
from sklearn.metrics import (auc, f1_score, precision_recall_curve, precision_score, recall_score, roc_auc_score,
                             roc_curve)

LIMIT = 0.3


def partial_area(rate, overlap):
    """Area under the curve up to LIMIT, which may lie between two of its points."""
    inside = rate < LIMIT
    end = np.interp(LIMIT, rate, overlap)
    if LIMIT in rate:
        end = overlap[rate == LIMIT].min()
    return auc(np.append(rate[inside], LIMIT), np.append(overlap[inside], end))


def figures(maps, masks, threshold):
    values = np.concatenate([m.ravel() for m in maps])
    truth = np.concatenate([m.ravel() for m in masks]).astype(int)
    areas = []
    outside = values[truth == 0]
    regions = []
    for heat, mask in zip(maps, masks):
        labels = label(mask, connectivity=2)
        for region in range(1, labels.max() + 1):
            own = heat[labels == region]
            rate, overlap, _ = roc_curve(np.r_[np.zeros(len(outside)), np.ones(len(own))], np.r_[outside, own],
                                         drop_intermediate=False)
            areas.append(partial_area(rate, overlap) / LIMIT)
            regions.append(int((labels == region).sum()))
    precision, recall, thresholds = precision_recall_curve(truth, values)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    flagged = (values > threshold).astype(int)
    return {
        'areas': regions,
        'auroc': roc_auc_score(truth, values),
        'aupro': float(np.mean(areas)),
        'bestF1': float(f1.max()),
        'f1': f1_score(truth, flagged),
        'precision': precision_score(truth, flagged, zero_division=1),
        'recall': recall_score(truth, flagged),
    }


def case(name, maps, masks, threshold, scale):
    """Maps are committed as whole numbers; a value is one of them over `scale`."""
    wholes = [np.asarray(m, dtype=np.int64) for m in maps]
    masks = [np.asarray(m, dtype=np.uint8) for m in masks]
    heat = [(w / scale).astype(np.float32).astype(np.float64) for w in wholes]
    return {
        'name': name,
        'height': wholes[0].shape[0],
        'width': wholes[0].shape[1],
        'scale': scale,
        'threshold': threshold,
        'maps': [w.ravel().tolist() for w in wholes],
        'masks': [m.ravel().tolist() for m in masks],
        'labels': [label(m, connectivity=2).ravel().tolist() for m in masks],
        'figures': figures(heat, masks, threshold),
    }


def main():
    random = np.random.default_rng(5)
    height, width = 11, 13
    several = np.zeros((height, width))
    several[0:3, 0:4] = 1  # at a corner
    several[3, 4] = 1  # of the same region, since corners touch
    several[6, 12] = 1  # one pixel at the border
    several[8:11, 2:5] = 1
    several[9, 3] = 0  # a ring
    several[8, 6:9] = 1
    other = np.zeros((height, width))
    other[4:9, 5:8] = 1
    none = np.zeros((height, width))
    masks = [several, none, other]

    def noise(levels, lift):
        return [random.integers(0, levels, mask.shape) + (lift * mask * random.random(mask.shape)).astype(int)
                for mask in masks]

    cases = [
        case('several regions, one image without', noise(1500, 1400), masks, 1200 / 4096, 4096),
        case('many ties', noise(5, 3), masks, 3 / 8, 8),
        case('a map that is worse than chance', [3000 - m for m in noise(1500, 1400)], masks, 2000 / 4096, 4096),
        case('the same value everywhere', [np.full(mask.shape, 3) for mask in masks], masks, 3 / 8, 8),
        case('nothing but 0', [np.zeros(mask.shape) for mask in masks], masks, 0.0, 8),
        case('perfect', [7 * mask for mask in masks], masks, 0.5, 8),
        case('a mask all over one image', noise(1500, 1400), [none, np.ones(none.shape), other], 0.2, 4096),
        case('values of 24 bits', noise(15000000, 9000000), masks, 0.6, 25000000),
    ]
    path = os.path.join(os.path.dirname(__file__), 'pixel-figures.json')
    with open(path, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry, separators=(',', ':')) for entry in cases) + '\n]\n')


main()
