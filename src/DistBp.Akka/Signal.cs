namespace DistBp.Akka;

/// <summary>From a node's actor to another one there, or to itself.</summary>
internal enum Signal
{
    /// <summary>Comes at each interval.</summary>
    Tick,

    /// <summary>To the singleton, from its manager: the reign is to be another node's.</summary>
    Resign,
}
