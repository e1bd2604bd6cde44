namespace DistBp.Akka;

/// <summary>Comes at each interval.</summary>
internal sealed class Tick
{
    public static readonly Tick Instance = new();
}
