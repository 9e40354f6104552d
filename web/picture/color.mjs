// Colours that differ in their hue alone.  All of one luminance have the same contrast with what is around them, which
// HSL does not give: its yellow is much lighter than its blue.

const known = new Map();

function channels(hue, saturation, lightness) {
    const a = saturation * Math.min(lightness, 1 - lightness);
    return [0, 8, 4].map(n => {
        const k = (n + hue / 30) % 12;
        return lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    });
}

// As WCAG 2 defines it, of red, green and blue from 0 to 1.
export function luminance(rgb) {
    const [r, g, b] = rgb.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function color(hue, wanted, saturation = 0.6) {
    const key = `${hue} ${wanted} ${saturation}`;
    if (!known.has(key)) {
        let low = 0, high = 1;
        while (high - low > 0.001) {
            const middle = (low + high) / 2;
            if (luminance(channels(hue, saturation, middle)) < wanted)
                low = middle;
            else
                high = middle;
        }
        known.set(key, `rgb(${channels(hue, saturation, low).map(v => Math.round(v * 255)).join(" ")})`);
    }
    return known.get(key);
}

// Of the n-th thing: neighbours are far from each other.
export function hue(n) {
    return Math.round(n * 137.5) % 360;
}
