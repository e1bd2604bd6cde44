namespace DistBp.Cli.Pictures;

/// <summary>Red, green and blue.</summary>
internal readonly record struct Ink(byte R, byte G, byte B)
{
    public static readonly Ink White = new(255, 255, 255);
    public static readonly Ink Black = new(32, 32, 32);
    public static readonly Ink Grid = new(225, 225, 225);
    public static readonly Ink Pale = new(170, 200, 230);
    public static readonly Ink Blue = new(31, 90, 166);
    public static readonly Ink Red = new(190, 40, 30);
}

/// <summary>Pixels to draw on; what falls outside is left out.</summary>
internal sealed class Canvas
{
    /// <summary>Pixels a dot of the font.</summary>
    private const int FontScale = 2;

    private readonly byte[] _rgb;

    public Canvas(int width, int height)
    {
        (Width, Height, _rgb) = (width, height, new byte[width * height * 3]);
        Fill(0, 0, width, height, Ink.White);
    }

    public int Width { get; }

    public int Height { get; }

    public static int LineHeight => PixelFont.Height * FontScale;

    public static int WidthOf(string text) => text.Length * (PixelFont.Width + 1) * FontScale;

    public void Fill(int x, int y, int width, int height, Ink ink)
    {
        for (int j = Math.Max(0, y); j < Math.Min(Height, y + height); j++)
        {
            for (int i = Math.Max(0, x); i < Math.Min(Width, x + width); i++)
            {
                int at = ((j * Width) + i) * 3;
                (_rgb[at], _rgb[at + 1], _rgb[at + 2]) = (ink.R, ink.G, ink.B);
            }
        }
    }

    /// <param name="thickness">In pixels.</param>
    public void Line(double x0, double y0, double x1, double y1, int thickness, Ink ink)
    {
        int steps = Math.Max(1, (int)Math.Ceiling(Math.Max(Math.Abs(x1 - x0), Math.Abs(y1 - y0))));
        for (int i = 0; i <= steps; i++)
        {
            double x = x0 + ((x1 - x0) * i / steps), y = y0 + ((y1 - y0) * i / steps);
            Fill((int)Math.Round(x) - (thickness / 2), (int)Math.Round(y) - (thickness / 2), thickness, thickness, ink);
        }
    }

    /// <param name="x">Of the left edge.</param>
    /// <param name="y">Of the top.</param>
    public void Text(int x, int y, string text, Ink ink)
    {
        foreach (char c in text)
        {
            string glyph = PixelFont.Glyph(c);
            for (int dot = 0; dot < glyph.Length; dot++)
            {
                if (glyph[dot] != '#') continue;
                Fill(x + (dot % PixelFont.Width * FontScale), y + (dot / PixelFont.Width * FontScale), FontScale, FontScale, ink);
            }
            x += (PixelFont.Width + 1) * FontScale;
        }
    }

    public void SavePng(string path)
    {
        using FileStream file = File.Create(path);
        PngFile.Write(file, Width, Height, _rgb);
    }
}
