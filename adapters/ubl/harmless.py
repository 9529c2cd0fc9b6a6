"""What a UBL document may say without changing what we do. It is listed in the answer as `ignored`; anything else that
nobody takes over is refused, so that nothing that matters is dropped in silence."""


def _names(prefix: str, text: str) -> frozenset[str]:
    return frozenset(f"{prefix}:{name}" for name in text.split())


HARMLESS = (
    frozenset({"ext:UBLExtensions"})
    | _names(
        "cbc",
        """
        UBLVersionID CustomizationID ProfileID ProfileExecutionID UUID CopyIndicator ID SalesOrderID Note IssueDate
        IssueTime CustomerReference AccountingCost AccountingCostCode LineCountNumeric LineExtensionAmount
        TotalTaxAmount TaxCurrencyCode PricingCurrencyCode Name Description PackQuantity PackSizeNumeric Keyword
        BrandName ModelName AdditionalInformation WarrantyInformation PriceType PriceTypeCode PriceChangeReason
        AddressTypeCode AddressFormatCode District Region CountrySubentityCode TimezoneOffset StartDate StartTime
        EndTime DescriptionCode EndpointID WebsiteURI LogoReferenceID IndustryClassificationCode
        CustomerAssignedAccountID AdditionalAccountID DataSendingCapability BuyerReference PaymentID PaymentDueDate
        InstructionID InstructionNote SequenceNumeric
        """,
    )
    | _names(
        "cac",
        """
        SellerSupplierParty OriginatorCustomerParty OriginatorParty ValidityPeriod QuotationDocumentReference
        OrderDocumentReference OriginatorDocumentReference CatalogueReference AdditionalDocumentReference
        DocumentReference Contract ProjectReference Signature TaxTotal AnticipatedMonetaryTotal PaymentTerms
        DeliveryTerms Contact Person DeliveryContact AccountingContact BuyerContact SellerContact PartyTaxScheme
        PartyLegalEntity PartyIdentification PartyName PostalAddress PhysicalLocation Language LocationCoordinate
        BuyersItemIdentification StandardItemIdentification ManufacturersItemIdentification
        CatalogueItemIdentification AdditionalItemIdentification AdditionalItemProperty CommodityClassification
        ClassifiedTaxCategory OriginCountry ItemSpecificationDocumentReference CatalogueDocumentReference
        ManufacturerParty PricingReference ItemPriceExtension PayeeFinancialAccount
        """,
    )
)
"""Who else is concerned, descriptions, totals that follow from the lines, references to other papers."""

HARMLESS_UNDER = frozenset(
    {
        ("cac:Price", "cac:AllowanceCharge"),  # how the net price came about
        ("cac:DeliveryLocation", "cbc:Conditions"),
    }
)
