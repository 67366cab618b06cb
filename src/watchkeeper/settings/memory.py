"""What is remembered, and how it is found again."""

from pydantic import Field, SecretStr

from watchkeeper.settings.section import Section


class RecallSettings(Section):
    """Similar incidents, runbooks, search in logs. With the defaults nothing leaves this process."""

    embedder: str = Field(
        "offline", description="A name on the embedder shelf: offline, azure_openai, sentence_transformer."
    )
    embedder_path: str = Field("", description="Folder of a local model, for sentence_transformer.")
    embedding_deployment: str = Field(
        "text-embedding-3-small", description="Azure deployment, for azure_openai; endpoint and key are those of `llm`."
    )
    index: str = Field("faiss", description="A name on the index shelf: faiss, azure_ai_search.")
    search_endpoint: str = Field("", description="Address of the Azure AI Search service.")
    search_key: SecretStr = Field(SecretStr(""), description="Its key; never written to a file by us.")
    search_index: str = Field("watchkeeper-incidents", description="Name of the index there.")
    least_similarity: float = Field(0.35, ge=0, le=1, description="Past incidents below are not shown.")
    remember_seconds: float = Field(30, ge=0, description="How often closed incidents are learned; 0: never.")
    knowledge_folder: str = Field("", description="Folder of Markdown runbooks that is kept imported; empty: none.")
    knowledge_seconds: float = Field(300, ge=0, description="How often that folder is looked at; 0: never.")
    grafana_url: str = Field("", description="Grafana that shows the logs; empty: links go to Loki's API.")
    grafana_loki_uid: str = Field("loki", description="Uid of the Loki data source in it.")
