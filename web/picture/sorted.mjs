// Lists in ascending order.

// The first index whose item is so, as all later ones are; the length if there is none.
export function firstIndex(list, isSo) {
    let low = 0, high = list.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (isSo(list[middle]))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

// The first index whose time is later.
export function after(list, time) {
    return firstIndex(list, item => item.time > time);
}
