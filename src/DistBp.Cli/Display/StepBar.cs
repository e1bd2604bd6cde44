using Spectre.Console;
using Spectre.Console.Rendering;

namespace DistBp.Cli.Display;

/// <summary>A bar of a given width that is filled in part.</summary>
/// <param name="share">In [0, 1].</param>
/// <param name="width">In columns.</param>
internal sealed class StepBar(double share, int width, bool unicode) : Renderable
{
    protected override Measurement Measure(RenderOptions options, int maxWidth) => new(width, width);

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        int filled = (int)(Math.Clamp(share, 0, 1) * width);
        yield return new Segment(new string(unicode ? '━' : '#', filled), new Style(Color.Green));
        // Without colors the rest must differ by its shape.
        char rest = !unicode ? '-' : options.ColorSystem == ColorSystem.NoColors ? ' ' : '━';
        yield return new Segment(new string(rest, width - filled), new Style(Color.Grey));
    }
}
