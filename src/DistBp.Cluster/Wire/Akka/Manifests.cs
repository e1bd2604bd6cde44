using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Lanes;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Akka;

/// <summary>The messages that travel over Akka.Remote, and the word for each: a word, once given, stays.</summary>
internal static class Manifests
{
    private static readonly (string Word, MessageParser Parser, Type Type)[] All =
    [
        Of("coordinator-sought", CoordinatorSought.Parser), Of("coordinator-place", CoordinatorPlace.Parser), Of("join-sought", JoinSought.Parser),
        Of("heartbeat", Heartbeat.Parser), Of("cluster-news", ClusterNews.Parser), Of("membership-ended", MembershipEnded.Parser),
        Of("state-sought", StateSought.Parser), Of("kept-summary", KeptSummary.Parser), Of("reign-held", ReignHeld.Parser),
        Of("kept-value", KeptValue.Parser), Of("keeping-answer", KeepingAnswer.Parser), Of("lane-piece", LanePiece.Parser),
    ];

    private static readonly Dictionary<string, MessageParser> Parsers = All.ToDictionary(m => m.Word, m => m.Parser);
    private static readonly Dictionary<Type, string> Words = All.ToDictionary(m => m.Type, m => m.Word);

    public static IEnumerable<Type> Types => Words.Keys;

    /// <summary>Null: no message of this type travels.</summary>
    public static string? WordOf(Type type) => Words.GetValueOrDefault(type);

    /// <summary>Null: no message has that word.</summary>
    public static MessageParser? ParserOf(string word) => Parsers.GetValueOrDefault(word);

    private static (string, MessageParser, Type) Of<T>(string word, MessageParser<T> parser)
        where T : IMessage<T> => (word, parser, typeof(T));
}
