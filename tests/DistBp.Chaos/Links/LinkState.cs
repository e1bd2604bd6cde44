namespace DistBp.Chaos.Links;

/// <summary>How a node is connected to all others.</summary>
/// <param name="Sends">What it sends arrives.</param>
/// <param name="Hears">What others send to it arrives.</param>
/// <param name="Delay">Of each piece, up to 64 KiB, in either direction.</param>
internal sealed record LinkState(bool Sends, bool Hears, TimeSpan Delay)
{
    public static LinkState Undisturbed { get; } = new(true, true, TimeSpan.Zero);
}
